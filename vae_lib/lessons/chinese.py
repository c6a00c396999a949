"""What the lessons say, in Taiwan's Chinese: by the English sentence, with the same braces.

The terms are those of ``book/terminology.md``.
"""

CHINESE = {
    # What check says to any answer.
    "Right.": "答對了。",
    "Hand over the function itself: its name without parentheses and arguments.": (
        "請把函式本身交進來：只寫名稱，不要加括號和引數。"
    ),
    "Not yet: your function returns nothing. Replace the dots, run the cell again.": (
        "還沒寫完：你的函式沒有傳回任何東西。把「...」換成你的答案，再執行一次這個儲存格。"
    ),
    "Your function stops with {error}{place}: {message}.": (
        "你的函式執行到一半就停了，錯誤是 {error}{place}：{message}。"
    ),
    " in line {number}": "，在第 {number} 行",
    " in line {number}, `{text}`": "，在第 {number} 行 `{text}`",
    "Your function returns a {kind}: a tensor or number is wanted.": (
        "你的函式傳回的是 {kind}，這裡要的是張量或數字。"
    ),
    "Your function returns {given} results, wanted: {wanted}.": (
        "你的函式傳回 {given} 個結果，這裡要的是 {wanted} 個。"
    ),
    "Your result has shape {given}, wanted is {wanted}: look at the dimensions over which you sum "
    "or average.": (
        "你的結果形狀是 {given}，這裡要的是 {wanted}：看看你是沿著哪幾個維度加總或平均的。"
    ),
    "Your result holds NaN or infinite values.": "你的結果裡有 NaN 或無限大。",
    "The sign is wrong: your result is the negative of the right one.": (
        "正負號錯了：你的結果正好是正確答案的相反數。"
    ),
    "A factor is wrong: your result is {factor:.4g} times the right one.": (
        "差了一個倍數：你的結果是正確答案的 {factor:.4g} 倍。"
    ),
    "A constant is wrong: yours exceeds the right one by {excess:.4g}.": (
        "差了一個常數：你的結果減去正確答案是 {excess:.4g}。"
    ),
    "Not right yet, and not one of the usual mistakes: go through the derivation again.": (
        "還不對，而且不是常見的那幾種錯誤：請把推導再走一遍。"
    ),
    # Chapter 1.
    "This is ρ(0)²: take the square root.": "這是 ρ(0)²：還要開根號。",
    "The numerator's variance is 1 + σ²/2, not 1 + σ²: squaring a density halves σ².": (
        "分子的變異數是 1 + σ²/2，不是 1 + σ²：密度平方之後，σ² 會減半。"
    ),
    "The density in the denominator is squared.": "分母的密度要平方。",
    "The factor 1 / (2σ√π) of step 3 is missing.": "少了步驟 3 的因子 1 / (2σ√π)。",
    "You used σ where σ² stands: the argument is the standard deviation.": (
        "式子裡是 σ² 的地方，你用了 σ：引數給的是標準差。"
    ),
    "This is only what ρ(0) approaches as σ → 0: keep all terms.": (
        "這只是 σ → 0 時 ρ(0) 的近似：請保留每一項。"
    ),
    "You forgot the average 1/K: subtract log K.": "忘了取平均的 1/K：要減去 log K。",
    "You averaged the logarithms: average first, the logarithm comes last.": (
        "你平均的是對數：要先平均，最後才取對數。"
    ),
    "The last data point's exp is 0 and its logarithm -∞: use torch.logsumexp.": (
        "最後一個資料點的 exp 算出來是 0，取對數就成了 -∞：請用 torch.logsumexp。"
    ),
    "You forgot the logarithm: this is the average itself.": "忘了取對數：這是平均本身。",
    "You averaged over the data points: the draws are the first dimension.": (
        "你對資料點取了平均：第一個維度才是各次抽樣。"
    ),
    "You summed over all entries: each data point has its own value.": (
        "你把所有元素都加起來了：每個資料點各有自己的值。"
    ),
    "This is the likelihood at z = 0: the variance of w z is missing.": (
        "這是 z = 0 時的概似：少了 w z 的變異數。"
    ),
    "You used σ for σ²: the variance of the noise is σ².": (
        "該用 σ² 的地方用了 σ：雜訊的變異數是 σ²。"
    ),
    "You used w for w²: the variance of w z is w².": "該用 w² 的地方用了 w：w z 的變異數是 w²。",
    "Variances of independent terms add, standard deviations do not.": (
        "互相獨立的項，可以相加的是變異數，不是標準差。"
    ),
    "The mean is b, not 0.": "平均值是 b，不是 0。",
    "The factor ½ is missing.": "少了因子 ½。",
    "The normalising term ½ log(2π variance) is missing.": "少了歸一化項 ½ log(2π 變異數)。",
    "You forgot the logarithm: this is p(x).": "忘了取對數：這是 p(x)。",
    # Chapter 2.
    "The sign is wrong: this is the loss, the bound is its negative.": (
        "正負號反了：這是損失，下界是它的相反數。"
    ),
    "You forgot q: subtract log q(z|x) from each log p(x, z).": (
        "忘了 q：每個 log p(x, z) 都要減去 log q(z|x)。"
    ),
    "You added log q(z|x): it is subtracted.": "log q(z|x) 要用減的，你用了加的。",
    "You forgot the average 1/K: an expectation is estimated by a mean.": (
        "忘了取平均的 1/K：期望值要用平均來估計。"
    ),
    "You averaged the ratios and then took the logarithm: the bound averages logarithms.": (
        "你先平均比值才取對數：下界平均的是對數。"
    ),
    "You reduced over the batch: each data point has its own bound.": (
        "你把整個批次併成一個數了：每個資料點各有自己的下界。"
    ),
    "The draws come from q already: do not weight them by q once more.": (
        "這些樣本已經是從 q 抽出來的，不必再用 q 加權一次。"
    ),
    "These are the posterior's own variances, the diagonal of the inverse: the best diagonal q is "
    "narrower.": "這是後驗自己的變異數，也就是逆矩陣的對角線：最好的對角 q 比它窄。",
    "These are precisions: a variance is the reciprocal of one.": "這是精度：變異數是精度的倒數。",
    "These are standard deviations: variances are wanted.": "這是標準差：要的是變異數。",
    "These are log variances: variances are wanted.": "這是變異數的對數：要的是變異數。",
    "The factor is wrong: in ½ (Λ σ² - log σ²) both terms carry the ½.": (
        "倍數錯了：在 ½ (Λ σ² - log σ²) 裡，兩項前面都有 ½。"
    ),
    "This is the whole covariance matrix: a diagonal q has only L variances.": (
        "這是整個共變異數矩陣：對角的 q 只有 L 個變異數。"
    ),
    "The sign is wrong: a gap is never negative.": "正負號錯了：落差不會是負的。",
    "This is KL(posterior ‖ q): in the gap the expectation is under q.": (
        "這是 KL(後驗 ‖ q)：落差裡是對 q 取期望值。"
    ),
    "The squared mean is divided by the posterior's variance: multiply m² by λ.": (
        "平均值的平方要除以後驗的變異數，也就是把 m² 乘上 λ。"
    ),
    "The logarithm has the wrong sign: the posterior's variance is 1/λ.": (
        "對數那一項的正負號錯了：後驗的變異數是 1/λ。"
    ),
    "You used λ as the posterior's variance: it is the precision, 1/variance.": (
        "你把 λ 當成後驗的變異數了：λ 是精度，1/變異數。"
    ),
    "The term -1, which is -L, is missing.": "少了 -1 這一項，也就是 -L。",
    # Chapter 3.
    "The sign is wrong: a divergence is never negative.": "正負號錯了：散度不會是負的。",
    "You averaged over the latent coordinates: they are summed.": (
        "你對潛在座標取了平均：這裡要加總。"
    ),
    "You reduced over the batch: each image has its own value.": (
        "你把整個批次併成一個數了：每張影像各有自己的值。"
    ),
    "You summed over the batch: each image has its own value.": (
        "你把整個批次加總了：每張影像各有自己的值。"
    ),
    "You did not sum over the latent coordinates: each image has one value.": (
        "潛在座標還沒有加總：每張影像只有一個值。"
    ),
    "You used log σ² as if it were σ: σ² is exp(log_var).": (
        "你把 log σ² 當成 σ 用了：σ² 是 exp(log_var)。"
    ),
    "You used log σ² as if it were σ²: σ² is exp(log_var).": (
        "你把 log σ² 當成 σ² 用了：σ² 是 exp(log_var)。"
    ),
    "You used log σ² as if it were log σ: σ² is exp(log_var), not exp(2 log_var).": (
        "你把 log σ² 當成 log σ 用了：σ² 是 exp(log_var)，不是 exp(2 log_var)。"
    ),
    "The mean is squared in the divergence.": "散度裡的平均值要平方。",
    "The term -1 of each coordinate is missing.": "每個座標都少了 -1 這一項。",
    "The probability of a confident pixel rounds to 0 or 1 and its logarithm to -∞: work with the "
    "logits.": "很有把握的像素，機率會捨入成 0 或 1，取對數就成了 -∞：請直接用 logit 來算。",
    "For large a, log(1 + exp(a)) overflows: F.softplus(a) is the same without exp(a).": (
        "a 很大時，log(1 + exp(a)) 會溢位：F.softplus(a) 算的是同一個值，但不必先算 exp(a)。"
    ),
    "The sign is wrong: a log-probability is never positive.": (
        "正負號錯了：機率的對數不會是正的。"
    ),
    "You averaged over the pixels: they are summed.": "你對像素取了平均：這裡要加總。",
    "Only the white pixels are counted: a black one has the factor 1 - π.": (
        "只算到白色像素：黑色像素的因子是 1 - π。"
    ),
    "You added softplus where it is subtracted.": "softplus 要用減的，你用了加的。",
    "The sign is wrong: this is the negative log-likelihood.": "正負號反了：這是負的對數概似。",
    "The term -D/2 is missing: at the best variance the second term is not 0.": (
        "少了 -D/2 這一項：變異數取到最好時，第二項並不是 0。"
    ),
    "You used the sum S for σ²: the best variance is S/D.": (
        "你把總和 S 當成 σ² 了：最好的變異數是 S/D。"
    ),
    "You forgot the factor D: this is the mean over the pixels.": (
        "忘了因子 D：這是對像素平均後的值。"
    ),
    "You left out 2π: it stands inside the logarithm.": "漏了 2π：它在對數裡面。",
    "The normalising term counts every pixel: multiply its logarithm by D.": (
        "歸一化項每個像素都要算一次：那個對數要乘上 D。"
    ),
    "This is the best variance: put it into the log-likelihood.": (
        "這是最好的變異數：還要把它代回對數概似。"
    ),
    # Chapter 4.
    "The draw is right, but no gradient reaches the mean or log_var: build z from them, without "
    "detach and no_grad.": (
        "z 的值對了，但梯度傳不到平均值，也傳不到 log_var：z 要由這兩者算出來，"
        "中間不能有 detach 或 no_grad。"
    ),
    "The draw is right, but the gradient does not reach log_var.": (
        "z 的值對了，但梯度傳不到 log_var。"
    ),
    "The draw is right, but the gradient does not reach the mean.": (
        "z 的值對了，但梯度傳不到平均值。"
    ),
    "You used σ² for σ: σ is exp(½ log_var).": "該用 σ 的地方用了 σ²：σ 是 exp(½ log_var)。",
    "You used log_var as if it were σ: σ is exp(½ log_var).": (
        "你把 log_var 當成 σ 用了：σ 是 exp(½ log_var)。"
    ),
    "You forgot the mean.": "忘了加上平均值。",
    "You forgot the noise: this is the mean for every draw.": (
        "忘了雜訊：這樣每次抽到的都是平均值。"
    ),
    "You forgot the factor σ: every draw has variance 1.": (
        "忘了乘上 σ：這樣每次抽樣的變異數都是 1。"
    ),
    "The noise has the wrong sign: same distribution, but not this draw.": (
        "雜訊的正負號反了：分布雖然相同，抽到的卻不是這個 z。"
    ),
    "The factor ½ is missing: log q holds ½ log σ² and ½ (z - μ)² / σ².": (
        "少了因子 ½：log q 裡有 ½ log σ² 和 ½ (z - μ)² / σ²。"
    ),
    "The term -½ is missing: log q also holds -½ log σ².": (
        "少了 -½ 這一項：log q 裡還有 -½ log σ²。"
    ),
    "The sign is wrong.": "正負號錯了。",
    "You forgot the average 1/K.": "忘了取平均的 1/K。",
    "You did not average over the draws.": "還沒有對各次抽樣取平均。",
    "You forgot f: this is the mean of the score alone, an estimate of 0.": (
        "忘了乘上 f：這只是 score 的平均，估計的是 0。"
    ),
    "This is the gradient in μ: the one in log σ² is asked for.": (
        "這是對 μ 的梯度：題目問的是對 log σ² 的梯度。"
    ),
    "This is the gradient in σ: the one in log σ² is ½ σ times it.": (
        "這是對 σ 的梯度：對 log σ² 的梯度是它的 ½ σ 倍。"
    ),
    "This is the gradient in σ²: the one in log σ² is σ² times it.": (
        "這是對 σ² 的梯度：對 log σ² 的梯度是它的 σ² 倍。"
    ),
    "You used σ for σ²: σ² is exp(log_var).": "該用 σ² 的地方用了 σ：σ² 是 exp(log_var)。",
    "The factor ½ in ∂z / ∂ log σ² = ½ σ ε is missing.": "少了 ∂z / ∂ log σ² = ½ σ ε 裡的 ½。",
    "This is the mean square: subtract the square of the mean, σ⁴.": (
        "這是平方的平均：還要減去平均的平方，也就是 σ⁴。"
    ),
    "This is the variance of the gradient in μ: the one in log σ² is asked for.": (
        "這是 μ 的梯度的變異數：題目問的是 log σ² 的。"
    ),
    "This is the variance of the gradient in σ: the one in log σ² is asked for.": (
        "這是 σ 的梯度的變異數：題目問的是 log σ² 的。"
    ),
    "The variance of ε² is missing: E[ε⁴] - 1 = 2.": "少了 ε² 的變異數：E[ε⁴] - 1 = 2。",
    "The variance of ε² is 2, not 1.": "ε² 的變異數是 2，不是 1。",
    "This is the standard deviation: the variance is its square.": (
        "這是標準差：變異數是它的平方。"
    ),
    "You used σ where σ² stands.": "式子裡是 σ² 的地方，你用了 σ。",
    # Chapter 5.
    "The sign is wrong: this is the bound, and the loss is its negative.": (
        "正負號反了：這是下界，損失是它的相反數。"
    ),
    "You averaged over the pixels: their log-likelihoods are summed.": (
        "你對像素取了平均：像素的對數概似要加總。"
    ),
    "You averaged over pixels and latent coordinates: both are summed.": (
        "像素和潛在座標你都取了平均：兩者都要加總。"
    ),
    "You averaged over the latent coordinates: their divergences are summed.": (
        "你對潛在座標取了平均：各座標的散度要加總。"
    ),
    "You forgot the KL.": "忘了 KL。",
    "The KL has the wrong sign: it is added to the loss.": (
        "KL 的正負號錯了：在損失裡，KL 要用加的。"
    ),
    "You summed over the batch: the loss is the mean over images.": (
        "你把整個批次加總了：損失是對影像的平均。"
    ),
    "You did not average over the batch: the loss is one number.": (
        "還沒有對批次取平均：損失只是一個數。"
    ),
    "The second number is the standard deviation of one image: divide it by √N.": (
        "第二個數是單張影像的標準差：還要除以 √N。"
    ),
    "Divide the standard deviation by √N, not by N.": "標準差要除以 √N，不是除以 N。",
    "The variance estimate divides by N - 1, not by N.": "估計變異數時，除的是 N - 1，不是 N。",
    "This is the variance of the mean: take its square root.": "這是平均值的變異數：還要開根號。",
    "You divided the variance by √N: take its square root first.": (
        "你拿變異數去除以 √N：要先開根號。"
    ),
    "Return both numbers: the mean and its standard error.": "兩個數都要傳回：平均值和它的標準誤。",
    "Return both numbers, the mean first.": "兩個數都要傳回，平均值在前。",
    "The order is wrong: the mean comes first.": "順序反了：平均值在前。",
    "The sum over images grows with N: report the mean.": (
        "對影像加總，會隨 N 變大：要報告的是平均值。"
    ),
    "Only the white images are counted: the fraction 1 - f has that pixel black.": (
        "只算到該像素為白的影像：另有比例 1 - f 的影像，那個像素是黑的。"
    ),
    "You did not sum over the pixels: an image has one log-likelihood.": (
        "像素還沒有加總：一張影像只有一個對數概似。"
    ),
    "The logarithm is natural: this is in bits.": "這裡用的是自然對數：你的結果以位元為單位。",
    "Each logarithm is weighted by the fraction of images in which that value occurs.": (
        "每個對數都要加權，權重是出現該值的影像所占的比例。"
    ),
    "The two logarithms are exchanged: white pixels have probability f.": (
        "兩個對數對調了：白色像素的機率是 f。"
    ),
    # Chapter 6.
    "You averaged the logarithms, which is the ELBO: average the weights, then take the "
    "logarithm.": "你平均的是對數，那樣得到的是 ELBO：要先平均權重，再取對數。",
    "You formed the weights, and e^-1100 is 0 in floating point: take out the largest log weight "
    "first.": "你直接算出了權重，而浮點數的 e^-1100 是 0：要先把最大的對數權重提出來。",
    "You added the weights: subtract log k to average them.": (
        "你只把權重加起來：要減去 log k，才是平均。"
    ),
    "You averaged over the images: the draws stand along the first dimension.": (
        "你對影像取了平均：第一個維度才是各次抽樣。"
    ),
    "You averaged the bound over the batch: each image has its own value.": (
        "你把下界對整個批次平均了：每張影像各有自己的值。"
    ),
    "You compared the standard deviation with 0.01: take the variance.": (
        "你拿標準差和 0.01 比：該用變異數。"
    ),
    "You took the mean square: a constant mean is not activity, take the variance.": (
        "你算的是平方的平均：平均值固定不動不算活躍，請用變異數。"
    ),
    "You counted the units that are not active.": "你數到的是不活躍的單元。",
    "You counted data points: take the variance over the data, the first dimension.": (
        "你數的是資料點：變異數要對資料來算，也就是沿第一個維度。"
    ),
    "Some of your values are negative: a direction below the noise is not used, and its KL is 0.": (
        "你的結果裡有負值：比雜訊還小的方向不會用到，KL 是 0。"
    ),
    "That is the variance of the posterior mean: the KL is asked for.": (
        "那是後驗平均值的變異數：題目問的是 KL。"
    ),
    # Chapter 7.
    "That is β: the claimed variance is half of it.": "那是 β：宣稱的變異數是它的一半。",
    "You took the squared error for a sum: it is a mean over D pixels.": (
        "你把平方誤差當成總和了：它是對 D 個像素的平均。"
    ),
    "The weights are the wrong way round: a heavy KL term claims much noise.": (
        "兩個權重放反了：KL 項的權重愈大，等於宣稱雜訊愈大。"
    ),
    "You returned σ: the variance is asked for.": "你傳回的是 σ：題目問的是變異數。",
    "The normaliser ½ D log 2πσ² is missing.": "少了歸一化項 ½ D log 2πσ²。",
    "The sign of the KL term is wrong: it makes the loss larger.": (
        "KL 項的正負號錯了：KL 會讓損失變大。"
    ),
    "The KL term is still a mean: multiply it by L.": "KL 項還是平均：要乘上 L。",
    "The squared error is still a mean: multiply it by D.": "平方誤差還是平均：要乘上 D。",
    "You returned the ELBO: the loss is its negative.": "你傳回的是 ELBO：損失是它的相反數。",
    "That is the variance of the means: the noise of each draw is missing.": (
        "那是各平均值之間的變異數：少了每次抽樣自己的雜訊。"
    ),
    "That is the noise given z: the variance of the means is missing.": (
        "那是給定 z 時的雜訊：少了各平均值之間的變異數。"
    ),
    "You returned a standard deviation: the variance is asked for.": (
        "你傳回的是標準差：題目問的是變異數。"
    ),
    "You averaged over pixels: each pixel has its own variance.": (
        "你對像素取了平均：每個像素各有自己的變異數。"
    ),
    # Chapter 9.
    "The last mass becomes 0 and its logarithm -∞: add logarithms, see the section on NaN.": (
        "最後一個機率質量變成 0，取對數就是 -∞：要用對數相加，見講 NaN 的那一節。"
    ),
    "This is the mass: its logarithm is asked for.": "這是機率質量本身：題目要的是對數。",
    "A cell reaches Δ/2 to each side, not Δ.": "一格往兩邊各伸出 Δ/2，不是 Δ。",
    "This is the log density at the value: the mass of its cell is asked for.": (
        "這是那一點的對數密度：題目要的是那一格的機率質量。"
    ),
    "This is the density times Δ: the mass is a difference of two values of F.": (
        "這是密度乘以 Δ：機率質量是 F 的兩個值相減。"
    ),
    "These are nats per dimension: divide by log 2.": "這是每個維度的 nat 數：還要除以 log 2。",
    "The term log Δ is missing, so this is right for masses only.": (
        "少了 log Δ，這樣只有對機率質量才正確。"
    ),
    "The term log Δ counts once for each of the D values.": "log Δ 要算 D 次，每個值一次。",
    "These are bits per picture: divide by D.": "這是每張圖的位元數：還要除以 D。",
    "The sign of log Δ is wrong: a density in a unit where Δ is small is large.": (
        "log Δ 的正負號錯了：單位取得讓 Δ 很小的時候，密度會很大。"
    ),
    "The variance of the rounding, Δ²/12, is missing.": "少了捨入的變異數 Δ²/12。",
    "This is the variance: its logarithm is asked for.": "這是變異數：題目要的是對數。",
    "The variance of the rounding is Δ²/12, not Δ².": "捨入的變異數是 Δ²/12，不是 Δ²。",
    "The variance of the rounding is Δ²/12, not Δ²/4: the error is uniform between -Δ/2 and Δ/2.": (
        "捨入的變異數是 Δ²/12，不是 Δ²/4：誤差在 -Δ/2 與 Δ/2 之間均勻分布。"
    ),
    "Average over the values: you summed.": "要對各個值取平均，你取的是總和。",
    "The two variances add: Δ²/12 is no limit at which you cut off.": (
        "兩個變異數要相加：Δ²/12 不是拿來截斷的界限。"
    ),
    "Your values are NaN where a q(y|x) is 0: q log q is 0 there, see torch.special.entr.": (
        "q(y|x) 為 0 的地方，你的值是 NaN：在那裡 q log q 等於 0，請看 torch.special.entr。"
    ),
    "The entropy of q(y|x) is missing: subtract log q(y|x) inside the sum.": (
        "少了 q(y|x) 的熵：請在總和裡面減去 log q(y|x)。"
    ),
    "The sign of the entropy is wrong: it raises the bound.": "熵的正負號反了：熵會讓下界升高。",
    "That is the bound with the best q(y|x): use the one that is given.": (
        "這是 q(y|x) 取最好的時候的下界：請用題目給的那一個。"
    ),
    "You summed over the pictures: the labels stand along the second dimension.": (
        "你對影像加總了：標籤排在第二個維度。"
    ),
    "You filled in the mean and left out what the observed entries tell.": (
        "你填的是平均值，沒有用上觀測到的值所透露的資訊。"
    ),
    "You forgot to subtract the mean from the observed entries.": "觀測到的值忘了先減去平均值。",
    "You forgot to add the mean of the missing entries.": "忘了加上缺值的平均值。",
    "You did not divide by the covariance of the observed entries.": (
        "沒有除以觀測到的值的共變異數矩陣。"
    ),
    "You returned the gaps alone: return the whole row.": "你只傳回缺值：請傳回一整列。",
    "A tie counts as half.": "平手要算一半。",
    "Your area is the chance that a usual point scores higher: turn it round.": (
        "你算的面積，是一般點得分較高的機率：請反過來。"
    ),
    "That is the variance: its square root is asked for.": "這是變異數：題目要的是它的平方根。",
    "You took the pairs for independent, and your error is too small: average over one index "
    "first.": "你把每一對都當成獨立的，所以誤差太小：請先對其中一個足標取平均。",
    # The rules of the proofs.
    "definition": "定義",
    "logarithm of a quotient": "商的對數",
    "first integral, with the density of q": "第一個積分，代入 q 的密度",
    "second integral, with the density of p": "第二個積分，代入 p 的密度",
    "subtract": "相減",
    "definition; the coordinates are independent": "定義；各座標互相獨立",
    "linearity; each integral is a product of integrals": "線性；每個積分都是幾個積分的乘積",
    "a density integrates to 1": "密度的積分是 1",
    "integrate each coordinate": "各座標分別積分",
    "Bayes' rule": "貝氏定理",
    "linearity of the integral": "積分的線性",
    "the Gaussian q integrates to 1": "高斯的 q 積分是 1",
    "solve for the evidence": "解出證據",
    "substitute z = μ + σ ε": "代入 z = μ + σ ε",
    "exchange derivative and integral; chain rule": "微分與積分交換；連鎖律",
    "differentiate under the integral; derivative of a logarithm": "在積分號下微分；對數的導數",
    "product rule": "乘積法則",
    "the last term integrates to 0": "最後一項積分是 0",
    "sum rule": "邊際化",
    "complete the square in the exponent": "在指數上配方",
    "Gaussian integral": "高斯積分",
    "logarithm": "取對數",
    "cancel what does not depend on z": "約去與 z 無關的部分",
    "Gaussian integral, logarithm": "高斯積分，取對數",
}
